package main

import (
	"testing"

	"github.com/zdrworker/zdrworker/worker"
)

func TestSumsHaveNoDust(t *testing.T) {
	sum := 0.0
	for range 17 {
		sum += 0.1
	}
	if sum == 1.7 {
		t.Fatal("these additions leave no dust: choose others")
	}
	if got := added(sum); got != 1.7 {
		t.Errorf("got %v", got)
	}
	if got := creditsLine(worker.Credits{Likely: sum})["likely"]; got != 1.7 {
		t.Errorf("credits %v", got)
	}
	if got := dollarsOf(worker.Credits{Likely: sum})["likely"]; got != 0.017 {
		t.Errorf("dollars %v", got)
	}
}
