"""`shared` on real RabbitMQ and PostgreSQL."""
