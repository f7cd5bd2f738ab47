//! Groups of widely used artifacts whose archives do not state them: those that Gradle, Ant and the like build.

/// The beginning of an artifact's name, or all of it, and its group. The first that fits counts.
const GROUPS: &[(&str, &str)] = &[
    ("spring-boot", "org.springframework.boot"),
    ("spring-security-", "org.springframework.security"),
    ("spring-session-", "org.springframework.session"),
    ("spring-integration-", "org.springframework.integration"),
    ("spring-batch-", "org.springframework.batch"),
    ("spring-kafka", "org.springframework.kafka"),
    ("spring-amqp", "org.springframework.amqp"),
    ("spring-rabbit", "org.springframework.amqp"),
    ("spring-retry", "org.springframework.retry"),
    ("spring-graphql", "org.springframework.graphql"),
    ("spring-hateoas", "org.springframework.hateoas"),
    ("spring-ws-", "org.springframework.ws"),
    ("spring-ldap-", "org.springframework.ldap"),
    ("spring-data-", "org.springframework.data"),
    ("spring-cloud-", "org.springframework.cloud"),
    ("spring-aop", "org.springframework"),
    ("spring-aspects", "org.springframework"),
    ("spring-beans", "org.springframework"),
    ("spring-context", "org.springframework"),
    ("spring-core", "org.springframework"),
    ("spring-expression", "org.springframework"),
    ("spring-instrument", "org.springframework"),
    ("spring-jcl", "org.springframework"),
    ("spring-jdbc", "org.springframework"),
    ("spring-jms", "org.springframework"),
    ("spring-messaging", "org.springframework"),
    ("spring-orm", "org.springframework"),
    ("spring-oxm", "org.springframework"),
    ("spring-r2dbc", "org.springframework"),
    ("spring-test", "org.springframework"),
    ("spring-tx", "org.springframework"),
    ("spring-web", "org.springframework"),
    ("spring-webflux", "org.springframework"),
    ("spring-webmvc", "org.springframework"),
    ("spring-websocket", "org.springframework"),
    ("ant", "org.apache.ant"),
    ("bcmail-", "org.bouncycastle"),
    ("bcpg-", "org.bouncycastle"),
    ("bcpkix-", "org.bouncycastle"),
    ("bcprov-", "org.bouncycastle"),
    ("bctls-", "org.bouncycastle"),
    ("bcutil-", "org.bouncycastle"),
    ("elasticsearch", "org.elasticsearch"),
    ("grpc-", "io.grpc"),
    ("h2", "com.h2database"),
    ("jgit", "org.eclipse.jgit"),
    ("kafka-clients", "org.apache.kafka"),
    ("kafka-streams", "org.apache.kafka"),
    ("kafka_", "org.apache.kafka"),
    ("connect-", "org.apache.kafka"),
    ("kotlin-", "org.jetbrains.kotlin"),
    ("kotlinx-", "org.jetbrains.kotlinx"),
    ("lombok", "org.projectlombok"),
    ("lucene-", "org.apache.lucene"),
    ("micrometer-", "io.micrometer"),
    ("mssql-jdbc", "com.microsoft.sqlserver"),
    ("mysql-connector-j", "com.mysql"),
    ("ojdbc", "com.oracle.database.jdbc"),
    ("okhttp", "com.squareup.okhttp3"),
    ("okio", "com.squareup.okio"),
    ("opensearch", "org.opensearch"),
    ("opentelemetry-", "io.opentelemetry"),
    ("reactor-core", "io.projectreactor"),
    ("reactor-netty", "io.projectreactor.netty"),
    ("retrofit", "com.squareup.retrofit2"),
    ("rhino", "org.mozilla"),
    ("scala-", "org.scala-lang"),
    ("solr-", "org.apache.solr"),
    ("tomcat-embed-", "org.apache.tomcat.embed"),
    ("tomcat-", "org.apache.tomcat"),
    ("xercesImpl", "xerces"),
];

/// Whether an artifact is the one of that name or of its family, whose names go on with a dash, an underscore or a number.
fn fits(name: &str, artifact: &str) -> bool {
    let Some(rest) = artifact.strip_prefix(name) else { return false };
    rest.is_empty()
        || name.ends_with(['-', '_'])
        || rest.starts_with(['-', '_'])
        || rest.bytes().all(|b| b.is_ascii_digit())
}

/// The group of a widely used artifact.
pub(super) fn well_known(artifact: &str, version: &str) -> Option<&'static str> {
    let major: u32 = version.split(['.', '-']).next().and_then(|major| major.parse().ok()).unwrap_or_default();
    // Some moved to another group with a new major version.
    match artifact {
        "mysql-connector-java" => return Some("mysql"),
        "rxjava" if major < 3 => return Some("io.reactivex.rxjava2"),
        "rxjava" => return Some("io.reactivex.rxjava3"),
        _ if fits("hibernate", artifact) && !fits("hibernate-validator", artifact) => {
            return Some(if major < 6 { "org.hibernate" } else { "org.hibernate.orm" });
        }
        _ if fits("groovy", artifact) => {
            return Some(if major < 4 { "org.codehaus.groovy" } else { "org.apache.groovy" });
        }
        _ => {}
    }
    GROUPS.iter().find(|(name, _)| fits(name, artifact)).map(|(_, group)| *group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_share_a_group() {
        let cases = [
            ("spring-core", "5.3.9", Some("org.springframework")),
            ("spring-webmvc", "5.3.9", Some("org.springframework")),
            ("spring-web", "5.3.9", Some("org.springframework")),
            ("spring-boot-starter", "3.0.0", Some("org.springframework.boot")),
            ("hibernate-core", "5.6.1.Final", Some("org.hibernate")),
            ("hibernate-core", "6.2.0.Final", Some("org.hibernate.orm")),
            ("groovy-json", "4.0.1", Some("org.apache.groovy")),
            ("ojdbc8", "19", Some("com.oracle.database.jdbc")),
            ("antlr", "2.7.7", None),
            ("h2", "1.4.200", Some("com.h2database")),
            ("my-own", "1", None),
        ];
        for (artifact, version, group) in cases {
            assert_eq!(well_known(artifact, version), group, "{artifact}");
        }
    }
}
