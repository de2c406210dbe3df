#!/bin/sh
# `raftdb drill leader-pause --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill leader-pause "$@"
