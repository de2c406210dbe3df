#!/bin/sh
# `raftdb drill bit-flip --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill bit-flip "$@"
