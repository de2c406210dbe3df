#!/bin/sh
# `raftdb drill whole-cluster-kill --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill whole-cluster-kill "$@"
