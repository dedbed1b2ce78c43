"""The messaging ground on real RabbitMQ and PostgreSQL."""
