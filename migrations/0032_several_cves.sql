-- A vulnerability that advisories give several CVEs is known to be exploited where one of them is, since the earliest, and as likely to be exploited as the
-- likeliest. Lists join scores and CISA's catalogue by one CVE each: where it is another than the vulnerability's name, it stands here. Nullable columns:
-- no row is written but those of vulnerabilities with several CVEs, some dozens.

ALTER TABLE vulnerability ADD COLUMN exploited_as text, ADD COLUMN scored_as text;
COMMENT ON COLUMN vulnerability.exploited_as IS 'Of its aliases the CVE that CISA''s catalogue listed first; null: its name counts.';
COMMENT ON COLUMN vulnerability.scored_as IS 'Of its aliases the CVE with the highest EPSS score; null: its name counts.';

-- The owner is not bound by row-level security's policies for services, as "across_tenants" lets it see and write all.
UPDATE vulnerability v SET exploited_as = nullif(n.exploited_as, v.name), scored_as = nullif(n.scored_as, v.name)
FROM (
    SELECT o.id,
           (SELECT k.cve FROM known_exploited k WHERE k.cve = ANY (o.name || o.aliases) ORDER BY k.added, k.cve <> o.name, k.cve LIMIT 1)
               AS exploited_as,
           (SELECT e.cve FROM exploit_score e WHERE e.cve = ANY (o.name || o.aliases) ORDER BY e.score DESC, e.cve <> o.name, e.cve LIMIT 1)
               AS scored_as
    FROM vulnerability o
    WHERE o.org_id IS NULL AND o.merged_into IS NULL AND EXISTS (SELECT FROM unnest(o.aliases) alias WHERE alias LIKE 'CVE-%')
) n
WHERE v.id = n.id;
