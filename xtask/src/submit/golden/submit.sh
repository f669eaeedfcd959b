#!/bin/sh
# The pipeline as Slurm jobs, written by `cargo xtask submit --to slurm`. A stage that ends with code 75 asks to be run
# again: Slurm does so where slurm.conf says RequeueExit=75.
set -eu

# Jobs already queued would wait for one that was refused.
queued=
trap 'if [ $? -ne 0 ] && [ -n "$queued" ]; then scancel $queued; fi' EXIT

# submit JOB OPTIONS...: queues the script on standard input and prints "JOB ID".
# A job sees its user's login environment, not this shell's. One that is run again goes on in the same log. A job whose
# predecessor failed is cancelled instead of waiting for ever.
submit() {
  job=$1
  shift
  id=$(sbatch --parsable --job-name="$job" --export=NONE --requeue --open-mode=append --kill-on-invalid-dep=yes "$@")
  id=${id%%;*}
  queued="$queued $id"
  echo "$job $id"
}

# Slurm fails a job without a word where its log has no folder.
mkdir -p /scratch/tides/slurm

submit ingest --partition=short --cpus-per-task=1 --mem=2000M --time=60 \
  --output=/scratch/tides/slurm/ingest-%j.log <<'END'
#!/bin/sh
exec /opt/pipeline/bin/ingest --config /home/me/laptops/tests/other/pipeline.toml --out /scratch/tides --run-id RUN --threads 4
END
ingest=$id

submit feature-selection --partition=short --cpus-per-task=1 --mem=2000M --time=60 \
  --output=/scratch/tides/slurm/feature-selection-%j.log --dependency=afterok:$ingest <<'END'
#!/bin/sh
exec /opt/pipeline/bin/feature-selection --config /home/me/laptops/tests/other/pipeline.toml --out /scratch/tides --run-id RUN --wait 60 --threads 4
END
feature_selection=$id

submit split --partition=short --cpus-per-task=1 --mem=2000M --time=60 \
  --output=/scratch/tides/slurm/split-%j.log --dependency=afterok:$ingest:$feature_selection <<'END'
#!/bin/sh
exec /opt/pipeline/bin/split --config /home/me/laptops/tests/other/pipeline.toml --out /scratch/tides --run-id RUN --wait 60 --threads 4
END
split=$id

submit train --partition=short --cpus-per-task=1 --mem=2000M --time=60 --array=0-1 \
  --output=/scratch/tides/slurm/train-%A_%a.log --dependency=afterok:$split <<'END'
#!/bin/sh
exec /opt/pipeline/bin/train --config /home/me/laptops/tests/other/pipeline.toml --out /scratch/tides --run-id RUN --wait 60 --threads 4 --task-from-env --tasks 2
END
train=$id

submit train-merge --partition=short --cpus-per-task=1 --mem=2000M --time=60 \
  --output=/scratch/tides/slurm/train-merge-%j.log --dependency=afterok:$train <<'END'
#!/bin/sh
exec /opt/pipeline/bin/train --config /home/me/laptops/tests/other/pipeline.toml --out /scratch/tides --run-id RUN --wait 60 --threads 4 --merge
END
train_merge=$id

submit evaluate --partition=short --cpus-per-task=1 --mem=2000M --time=60 \
  --output=/scratch/tides/slurm/evaluate-%j.log --dependency=afterok:$ingest:$feature_selection:$split:$train_merge <<'END'
#!/bin/sh
exec /opt/pipeline/bin/evaluate --config /home/me/laptops/tests/other/pipeline.toml --out /scratch/tides --run-id RUN --wait 60 --threads 4
END
evaluate=$id
