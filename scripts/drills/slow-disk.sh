#!/bin/sh
# `raftdb drill slow-disk --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill slow-disk "$@"
