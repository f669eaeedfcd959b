#!/bin/sh
# Applies the pipeline's Jobs, each when the one before has completed; arguments go to kubectl, as --namespace=NAME.
# Written by `cargo xtask submit --to kubernetes`.
set -eu
manifests=$(dirname "$0")/kubernetes.yaml
selector=app.kubernetes.io/name=pipeline,app.kubernetes.io/component

kubectl "$@" apply --filename="$manifests" --selector="$selector=config"
for component in ingest feature-selection split train train-merge evaluate; do
  job=job/pipeline-$component
  # A Job's template cannot be changed: that of an earlier run makes way.
  kubectl "$@" delete "$job" --ignore-not-found
  kubectl "$@" apply --filename="$manifests" --selector="$selector=$component"
  until kubectl "$@" wait "$job" --for=condition=complete --timeout=10s 2>/dev/null; do
    # It may have failed for another reason than the time: then kubectl says here what is wrong.
    kubectl "$@" get "$job" >/dev/null || exit 1
    if kubectl "$@" wait "$job" --for=condition=failed --timeout=0s 2>/dev/null; then
      kubectl "$@" logs --selector="$selector=$component" --prefix >&2
      exit 1
    fi
    sleep 1
  done
done
