#!/bin/sh
# `raftdb drill rolling-restart --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill rolling-restart "$@"
