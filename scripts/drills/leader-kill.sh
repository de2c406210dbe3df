#!/bin/sh
# `raftdb drill leader-kill --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill leader-kill "$@"
