#!/bin/sh
# `raftdb drill leader-stop --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill leader-stop "$@"
