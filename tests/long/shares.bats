load ../helper

shares() { "$BATS_TEST_DIRNAME/../bench/shares" loose "$1" 3>&- 4>&-; }

@test "16 receivers that stop answering at once leave slots for others" {
	shares slots
}

@test "with payloads of 8 MiB the memory is bounded too" {
	shares large
}
