#!/bin/sh
# Makes what the demo of docker-compose.yml must not ship: tokens, a password, a certificate; once, each into the volume of the service
# that needs it. Then rules and dashboards with links to the address under which a browser on this machine finds Remit.
# VOLUMES: where the volumes are, the root of the container unless it is run elsewhere. REMIT_URL: that address.
set -eu
umask 022
at=${VOLUMES:-}
url=${REMIT_URL:-https://localhost:9847}
work=$(mktemp -d)

if [ ! -s "$at/remit/tls.key" ]; then
  for name in ingest read write admin; do openssl rand -hex 24 > "$at/remit/$name.token"; done
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=Remit demo CA' \
    -addext 'keyUsage=critical,keyCertSign' -keyout "$work/ca.key" -out "$at/remit/ca.crt" 2> /dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=remit' -keyout "$work/tls.key" -out "$work/remit.csr" 2> /dev/null
  printf 'subjectAltName=DNS:remit,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' > "$work/extensions"
  openssl x509 -req -days 825 -in "$work/remit.csr" -CA "$at/remit/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -CAserial "$work/serial" \
    -extfile "$work/extensions" -out "$at/remit/tls.crt" 2> /dev/null
  openssl rand -hex 12 > "$at/grafana/admin-password"
  mv "$work/tls.key" "$at/remit/tls.key"
fi
rm -r "$work"
cp "$at/remit/ca.crt" "$at/remit/read.token" "$at/prometheus/"
cp "$at/remit/ca.crt" "$at/remit/read.token" "$at/remit/write.token" "$at/grafana/"

for file in "$at"/source/rules/*.rules.yml; do sed "s#http://127\.0\.0\.1:9847#$url#g" "$file" > "$at/rules/$(basename "$file")"; done
for file in "$at"/source/dashboards/*.json; do sed "s#http://127\.0\.0\.1:9847#$url#g" "$file" > "$at/dashboards/$(basename "$file")"; done

echo "Grafana  http://localhost:3000   admin / $(cat "$at/grafana/admin-password")"
echo "Pages    http://localhost:8025"
echo "Remit    $url  any name / $(cat "$at/remit/read.token")   (its certificate is made here: the browser asks)"
