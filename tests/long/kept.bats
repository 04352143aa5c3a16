load ../helper
load ../stock_apache

# What kept.bats shows in seconds, with Apache's own KeepAliveTimeout.

@test "an event every 7 s to a stock Apache with TLS: no attempt fails" {
	idle_closes 5 60 1 7 7 7 7 7 7 7 7 7 7 7 7
}

@test "events just when a stock Apache with TLS closes: no attempt fails" {
	idle_closes 5 24 2 4.96 4.98 5 5.01 5.02 5.03 5.04 5.05 5.06 5.08 5.1
}
