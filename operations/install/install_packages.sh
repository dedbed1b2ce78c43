#!/bin/sh
# Installs Debian packages without letting them start a server or create a database cluster.
# Run as root: install_packages.sh PACKAGE...
# What decides that on this machine (policy-rc.d, createcluster.conf) is restored, also
# when the installation fails or is interrupted; a server that already runs is not touched.
set -eu

policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
cluster=${CREATECLUSTER_CONF:-/etc/postgresql-common/createcluster.conf}
saved=$(mktemp -d)

restore() {
    trap - EXIT INT TERM HUP
    if [ -e "$saved/policy" ]; then cp -p "$saved/policy" "$policy"; else rm -f "$policy"; fi
    if [ -e "$saved/cluster" ]; then cp -p "$saved/cluster" "$cluster"; fi
    rm -rf "$saved"
}
trap 'restore' EXIT
trap 'restore; exit 130' INT TERM HUP

[ ! -e "$policy" ] || cp -p "$policy" "$saved/policy"
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
install="apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold"
known() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

apt-get update
for package in "$@"; do
    if [ "$package" = postgresql ] && ! known postgresql; then
        # Its configuration must be there before the server package asks it.
        $install postgresql-common
        cp -p "$cluster" "$saved/cluster"
        printf 'create_main_cluster = false\n' >"$cluster"
    fi
    # We run our own as a child process: what comes new need not start with the machine.
    new=""
    if [ "$package" = rabbitmq-server ]; then
        known rabbitmq-server || new="rabbitmq-server"
        known erlang-base || new="$new epmd.service epmd.socket"
    fi
    if [ "$package" = prometheus ]; then
        known prometheus || new="prometheus.service"
    fi
    $install "$package"
    for unit in $new; do systemctl disable "$unit" >/dev/null 2>&1 || true; done
done
