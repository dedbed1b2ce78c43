#!/bin/sh
# Puts the files of deploy/ where a server expects them, and makes the folders of an installation; run as
# root from a release: deploy/install_files.sh. Settings and the site of nginx are only put where there is
# none. DESTDIR is for packaging and for tests.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=${DESTDIR:-}

install -d -m 0755 "$root/etc/impex" "$root/etc/impex/terms" "$root/etc/impex/legal"
install -d -m 0700 "$root/etc/impex/tls"
# Each service passes through it to its own folder.
install -d -m 0711 "$root/etc/impex/secrets"
install -d -m 0700 "$root/var/backups/impex"
install -d -m 0755 "$root/usr/local/sbin" "$root/etc/systemd/system" "$root/etc/sysusers.d"
install -d -m 0755 "$root/etc/nginx/sites-available"

# Who exchanges events with this installation; a release brings its own partners only once.
if [ ! -e "$root/etc/impex/partners" ]; then
    install -d -m 0755 "$root/etc/impex/partners"
    install -m 0644 "$here"/../partners/*.toml "$root/etc/impex/partners/"
fi

install -m 0755 "$here/impex" "$root/usr/local/sbin/impex"
for unit in impex@.service impex.target impex-backup.service impex-backup.timer; do
    install -m 0644 "$here/systemd/$unit" "$root/etc/systemd/system/$unit"
done
install -m 0644 "$here/systemd/journald@impex.conf" "$root/etc/systemd/journald@impex.conf"
install -m 0644 "$here/systemd/impex.sysusers" "$root/etc/sysusers.d/impex.conf"

keep() {
    [ -e "$root$2" ] || install -m 0644 "$here/$1" "$root$2"
}
keep impex.env.example /etc/impex/impex.env
keep nginx/impex.conf /etc/nginx/sites-available/impex.conf
