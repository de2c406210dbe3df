#!/bin/sh
# `raftdb drill disk-full --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill disk-full "$@"
