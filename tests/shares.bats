load helper

# What slots and bytes each may have of a delivery process: on the release
# build, with the settings of a real host, since the sanitizers use memory of
# their own. More of it is in tests/long/shares.bats.

shares() { "$BATS_TEST_DIRNAME/bench/shares" loose "$1" 3>&- 4>&-; }

@test "16 hanging receivers of large payloads: bounded memory, and nobody waits" {
	shares bytes
}

@test "2,500 dark receivers leave slots for those that answer" {
	shares dark
}
