#!/bin/sh
# `raftdb drill snapshot-gap --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill snapshot-gap "$@"
