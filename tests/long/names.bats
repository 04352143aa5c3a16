load ../helper
load ../internet

# What names.bats shows in seconds, for as long as it takes to see a leak.

setup_file() {
	load ../helper
	load ../internet
	internet_open 'HTTP_TIMEOUT=5 LEASE_SECONDS=20' \
	    'ip -4 route add local 93.184.0.0/16 dev lo'
}

teardown_file() { internet_close; }

setup() { [ -z "${WITHOUT_NET:-}" ] || skip "$WITHOUT_NET"; }

@test "two minutes of cut answers: neither threads nor files grow" {
	asks_cut_names 120
}
