# A worker at the end of a slow link to PostgreSQL.

# worker_over RATE: the worker, which was stopped, with PostgreSQL at so many
# bytes a second for each connection.
worker_over() {
	local dir=$STACK_VAR/link
	mkdir -p "$dir"
	chmod 755 "$dir"
	rm -f "$dir/.s.PGSQL.5432"
	coproc LINK { exec python3 "$ROOT/tests/slow_link.py" \
	    "$dir/.s.PGSQL.5432" "$RUN/.s.PGSQL.5432" "$1" 3>&- 4>&-; }
	read -r -u "${LINK[0]}"
	cp "$STACK_VAR/postrider.conf" "$STACK_VAR/postrider.conf.quick"
	sed -i "/DATABASE_URL=/s|host=.*|host=$dir|" \
	    "$STACK_VAR/postrider.conf"
	stack part-start worker
	eventually 30 ready
}

# worker_near: as before, if it was over a slow link.
worker_near() {
	[ -f "$STACK_VAR/postrider.conf.quick" ] || return 0
	stack part-stop worker || true
	mv "$STACK_VAR/postrider.conf.quick" "$STACK_VAR/postrider.conf"
	stack part-start worker
	[ -z "${LINK_PID:-}" ] || kill "$LINK_PID"
	eventually 20 ready
}
