#!/bin/sh
exec redis-server --requirepass "$REDIS_PASSWORD" --dir /data --appendonly yes
