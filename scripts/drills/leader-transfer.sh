#!/bin/sh
# `raftdb drill leader-transfer --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill leader-transfer "$@"
