//! `dead-letters`.

use anyhow::Context as _;
use clap::Subcommand;
use plimsoll_broker::dead_letters;
use plimsoll_broker::topology::Topic;

use crate::Server;

/// Messages that could not be handled.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// Lists them, one JSON object a line, with the reason. They stay where they are.
    List {
        /// Only of this topic.
        #[arg(long)]
        topic: Option<String>,
        /// At most so many of each topic.
        #[arg(long, default_value_t = 100)]
        most: usize,
    },
    /// Has them handled again.
    Retry {
        /// Of this topic.
        #[arg(long)]
        topic: String,
        /// At most so many, oldest first.
        #[arg(long, default_value_t = 1_000)]
        most: usize,
    },
}

impl DeadLetters {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        let amqp_url = server.amqp_url()?;
        match self {
            Self::List { topic, most } => {
                let topics = match topic {
                    Some(name) => vec![parsed(&name)?],
                    None => Topic::ALL.to_vec(),
                };
                for topic in topics {
                    for letter in dead_letters::list(amqp_url, topic, most).await? {
                        println!("{}", serde_json::to_string(&letter)?);
                    }
                }
            }
            Self::Retry { topic, most } => {
                let retried = dead_letters::retry(amqp_url, parsed(&topic)?, most).await?;
                println!("{retried} messages of {topic} are handled again");
            }
        }
        Ok(())
    }
}

fn parsed(name: &str) -> anyhow::Result<Topic> {
    let names: Vec<&str> = Topic::ALL.iter().map(|topic| topic.name()).collect();
    Topic::parse(name).with_context(|| format!("there is no topic {name}; there are {}", names.join(", ")))
}
