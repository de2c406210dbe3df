#!/bin/sh
# `raftdb drill partition-one-way --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill partition-one-way "$@"
