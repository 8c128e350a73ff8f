/** The published action, as workflows of other repositories name it. */
export const actionReference = "baton-ci/baton@v0";

/** The smallest workflow that takes the App's doorbell; `baton init` writes the whole template. */
export const workflowTemplate = `name: baton
run-name: "\${{ startsWith(inputs.task, '{') && format('{0} [{1}] by {2}', fromJSON(inputs.task).session, fromJSON(inputs.task).trigger.event_id, fromJSON(inputs.task).trigger.actor_id || 'nobody') || 'baton' }}"
on:
  workflow_dispatch:
    inputs:
      task:
        description: Written by Baton; leave it empty.
        type: string
permissions: {}
jobs:
  run:
    if: startsWith(inputs.task, '{')
    runs-on: ubuntu-latest
    timeout-minutes: 355
    concurrency:
      group: baton-\${{ fromJSON(inputs.task).session }}
      cancel-in-progress: false
      queue: max
    permissions:
      contents: write
      issues: write
      pull-requests: write
      checks: write
      actions: write
    steps:
      - uses: actions/checkout@1af3b93b6815bc44a9784bd300feb67ff0d1eeb3 # v6.0.0
        with:
          persist-credentials: false
      - uses: ${actionReference}
        with:
          anthropic_api_key: \${{ secrets.ANTHROPIC_API_KEY }}
          task: \${{ inputs.task }}
`;
