#!/usr/bin/env bash
# A Slurm of one node on this machine, for as long as standard input stays open. It listens on loopback only.
#
#   xtask/slurm/cluster.sh DIR [CPUS]
#
# DIR must not exist: it is made, and holds everything the cluster writes. When the node is idle, one line on stdout
# says so; then `export SLURM_CONF=DIR/slurm.conf` in another shell makes sbatch, squeue and scancel use it. Closing
# standard input (Ctrl-D), or the death of whoever holds it open, cancels all jobs and ends every process of the cluster.
#
# Needs: apt-get install --no-install-recommends slurmctld slurmd slurm-client munge
set -euo pipefail
dir=${1:?usage: cluster.sh DIR [CPUS]}
cpus=${2:-2}
for command in munged slurmctld slurmd sbatch; do
  if ! command -v "$command" >/dev/null; then
    echo "error: cluster.sh: $command is not installed; apt-get install slurmctld slurmd slurm-client munge" >&2
    exit 66
  fi
done
mkdir "$dir"    # Fails where it exists: two clusters in one folder would take each other's state.
dir=$(cd "$dir" && pwd)
mkdir "$dir"/{state,spool,log,run,munge}
chmod 755 "$dir" "$dir/run" "$dir/log"
chmod 700 "$dir/munge"

export SLURM_CONF="$dir/slurm.conf"
user=$(id -un)
node=$(hostname -s)    # slurmd looks itself up by this name.
daemons=(slurmd slurmctld munged)

running() {
  local pid
  pid=$(cat "$dir/run/$1.pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null
}

# Waits until "$@" succeeds; gives up after some 20 seconds.
await() {
  for _ in $(seq 1 200); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  return 1
}

no_jobs() { [ -z "$(squeue --noheader --states=PD,R,CG,S 2>/dev/null)" ]; }
idle() { sinfo --noheader --format=%T 2>/dev/null | grep -q '^idle'; }

stop() {
  trap '' INT TERM HUP
  # Jobs outlive slurmd, so they end first.
  if running slurmctld && running slurmd; then
    scancel --user="$user" 2>/dev/null || true
    await no_jobs || true
  fi
  local daemon
  for daemon in "${daemons[@]}"; do
    running "$daemon" || continue
    kill "$(cat "$dir/run/$daemon.pid")" 2>/dev/null || true
    await eval "! running $daemon" || kill -9 "$(cat "$dir/run/$daemon.pid")" 2>/dev/null || true
  done
}
trap stop EXIT
trap 'exit 143' TERM HUP
trap 'exit 130' INT

# Two ports that nothing listens on.
ports=()
while [ ${#ports[@]} -lt 2 ]; do
  port=$((20000 + RANDOM % 10000))
  # A connection that is refused, in a subshell that closes it where it is not.
  if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then ports+=("$port"); fi
done

(umask 077; head -c 128 /dev/urandom > "$dir/munge/munge.key")
munged --key-file="$dir/munge/munge.key" --socket="$dir/run/munge.sock" --pid-file="$dir/run/munged.pid" \
  --log-file="$dir/log/munged.log" --seed-file="$dir/munge/munge.seed" --num-threads=1 --force </dev/null

memory_mb=$(awk '/MemTotal/ { print int($2 / 1024 * 3 / 4) }' /proc/meminfo)
cat > "$SLURM_CONF" <<CONF
ClusterName=pipeline
SlurmctldHost=$node(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.sock
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/log/jobs.log
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
MpiDefault=none
# No cgroups: none are needed, and containers have none to give.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
# Jobs share the node by CPUs and memory.
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=256
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=5,bf_interval=5,batch_sched_delay=0,sched_min_interval=0
CompleteWait=0
KillWait=5
MinJobAge=300
MaxArraySize=1001
# What the stages ask of a cluster: exit code 75 means "try again".
JobRequeue=1
RequeueExit=75
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=$node NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory_mb State=UNKNOWN
PartitionName=debug Nodes=$node Default=YES MaxTime=60 State=UP PriorityTier=1
PartitionName=urgent Nodes=$node MaxTime=60 State=UP PriorityTier=10 PreemptMode=off
CONF

slurmctld -f "$SLURM_CONF" </dev/null
slurmd -f "$SLURM_CONF" </dev/null
if ! await idle; then
  tail -n 5 "$dir"/log/*.log >&2
  echo "error: cluster.sh: the node did not become idle" >&2
  exit 75
fi
echo "the cluster is up: export SLURM_CONF=$SLURM_CONF"
# Until standard input ends.
cat >/dev/null
