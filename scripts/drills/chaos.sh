#!/bin/sh
# `raftdb drill chaos --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill chaos "$@"
