#!/usr/bin/env bash
# Signs in to Azure with the job's own identity, and keeps its token fresh until the job ends.
#
# GitHub's token lasts minutes, an `up` an hour and a check two. What reads AZURE_FEDERATED_TOKEN_FILE
# (the state's storage account, the check) reads it again for each sign-in; the provider asks GitHub
# itself (ARM_USE_OIDC).
# https://learn.microsoft.com/entra/workload-id/workload-identity-federation
# https://docs.github.com/actions/reference/security/oidc
set -euo pipefail
umask 077
file="$RUNNER_TEMP/identity"

# A token that did not come leaves the last one where it is.
renew() {
  curl --silent --show-error --fail --retry 5 --max-time 60 --header @- \
    "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=api://AzureADTokenExchange" \
    <<< "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["value"])' > "$file.new" &&
    mv "$file.new" "$file"
}

renew
cat >> "$GITHUB_ENV" << END
AZURE_CLIENT_ID=$ARM_CLIENT_ID
AZURE_TENANT_ID=$ARM_TENANT_ID
AZURE_FEDERATED_TOKEN_FILE=$file
END
while sleep 240; do renew || true; done < /dev/null > /dev/null 2>&1 &
