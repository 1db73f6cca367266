#!/bin/sh
exec redis-server --requirepass "$REDIS_PASSWORD" --save "" --appendonly no
