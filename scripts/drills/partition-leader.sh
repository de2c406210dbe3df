#!/bin/sh
# `raftdb drill partition-leader --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill partition-leader "$@"
