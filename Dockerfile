# The App (`baton serve`): it decides and dispatches, runs no model and needs no walls.
FROM node:24-slim
# A container that listens to itself alone is of no use.
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --chown=root:root package.json action.yml LICENSE ./
COPY --chown=root:root bin ./bin
COPY --chown=root:root dist ./dist
COPY --chown=root:root .github/workflows ./.github/workflows
USER node
EXPOSE 3000
CMD ["node", "dist/cli.mjs", "serve"]
