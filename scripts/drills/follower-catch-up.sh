#!/bin/sh
# `raftdb drill follower-catch-up --help` lists the options.
exec "$(dirname "$0")/../raftdb" drill follower-catch-up "$@"
