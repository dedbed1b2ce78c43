#!/bin/sh
# Gives PostgreSQL and RabbitMQ of this machine the administrator that `impex provision` signs in as, and
# the settings that an installation needs; run as root: deploy/make_administrators.sh /etc/impex/secrets.
# It may be run again. No password is on a command line. DESTDIR is for tests.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
secrets=$1/all
root=${DESTDIR:-}

# Connections for four processes of each service (IMPEX_DATABASE_POOL). Neither rows nor statements in its
# log: both hold what people typed.
for cluster in "$root"/etc/postgresql/*/main; do
    printf '%s\n' 'max_connections = 450' 'log_error_verbosity = terse' 'log_min_error_statement = panic' \
        >"$cluster/conf.d/impex.conf"
done
systemctl restart postgresql
as_postgres() { runuser -u postgres -- psql -X -q -v ON_ERROR_STOP=1; }
printf '%s\n' "DO \$\$ BEGIN CREATE ROLE impex_admin; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$;" \
    "ALTER ROLE impex_admin LOGIN SUPERUSER PASSWORD '$(cat "$secrets/postgresql-administrator")';" | as_postgres

install -m 0644 "$here/rabbitmq.conf" "$root/etc/rabbitmq/rabbitmq.conf"
printf '\nlisteners.tcp.1 = 127.0.0.1:5672\nmanagement.tcp.ip = 127.0.0.1\n' >>"$root/etc/rabbitmq/rabbitmq.conf"
rabbitmq-plugins --quiet enable rabbitmq_management
systemctl restart rabbitmq-server
if rabbitmqctl --quiet list_users | grep -q '^impex_admin[[:space:]]'; then
    rabbitmqctl --quiet change_password impex_admin <"$secrets/rabbitmq-administrator"
else
    rabbitmqctl --quiet add_user impex_admin <"$secrets/rabbitmq-administrator"
fi
rabbitmqctl --quiet set_user_tags impex_admin administrator
# Everybody knows its password.
if rabbitmqctl --quiet list_users | grep -q '^guest[[:space:]]'; then
    rabbitmqctl --quiet delete_user guest
fi
