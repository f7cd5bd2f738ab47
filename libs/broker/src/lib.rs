//! RabbitMQ: topology, message contracts, the outbox relay, consumers.
