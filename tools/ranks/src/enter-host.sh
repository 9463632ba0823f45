#!/bin/sh
# enter-host.sh HOST COMMAND...: runs the command in the network namespace HOST, with a host name of its own, by which Open MPI
# tells machines apart. As ssh does, it hands the words to a shell as one line; after `--` they stay words.
host=$1
shift
if [ "$1" = "--" ]; then shift; else set -- sh -c "$*"; fi
exec ip netns exec "$host" unshare --uts sh -c 'hostname "$0"; exec "$@"' "$host" "$@"
