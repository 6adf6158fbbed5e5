# Images of Remit. `docker compose build`, or one of them: `docker build --target exporter .`

# What npm needs to know of the workspaces.
FROM node:24.21.0-bookworm-slim AS workspaces
WORKDIR /opt/remit
COPY package.json package-lock.json ./
COPY contract/package.json contract/
COPY exporter/package.json exporter/
COPY dashboards/package.json dashboards/
COPY datasource-plugin/package.json datasource-plugin/

FROM workspaces AS exporter
ENV NODE_ENV=production
# The image's own Node is the one that runs: npm need not bring another.
RUN npm ci --workspace=contract --workspace=exporter --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY contract contract
COPY exporter exporter
COPY examples examples
COPY docs/runbooks docs/runbooks
COPY provisioning/inbox provisioning/inbox
COPY provisioning/alertmanager provisioning/alertmanager
RUN install -d -o 10001 -g 10001 /var/lib/remit
USER 10001:10001
# What is compiled once starts faster again.
ENV NODE_COMPILE_CACHE=/tmp/compile
VOLUME /var/lib/remit
EXPOSE 9847
ENTRYPOINT ["node", "--min-semi-space-size=64", "--max-semi-space-size=64", "--retain-maps-for-n-gc=1000", "/opt/remit/exporter/src/main.ts"]
CMD ["serve", "--storage.path=/var/lib/remit"]

FROM workspaces AS plugin
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY contract contract
COPY datasource-plugin datasource-plugin
RUN npm run build --workspace=datasource-plugin

FROM grafana/grafana:12.3.0 AS grafana
COPY --from=plugin /opt/remit/datasource-plugin/dist /opt/remit/plugins/remit-nhi-datasource
ENV GF_PATHS_PLUGINS=/opt/remit/plugins \
    GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS=remit-nhi-datasource

FROM alpine:3.22 AS setup
RUN apk add --no-cache openssl && install -d -o 10001 -g 10001 /remit /prometheus /grafana /rules /dashboards
COPY provisioning/compose/setup.sh /setup.sh
USER 10001:10001
ENTRYPOINT ["/bin/sh", "/setup.sh"]
