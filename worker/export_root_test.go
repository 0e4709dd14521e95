package worker

// PanicInCrew has one goroutine of a crew panic over a piece of work and do the
// next. It gives how many pieces were done, and what waiting for the crew
// panicked with.
func PanicInCrew(value any) (done int, got any) {
	defer func() { got = recover() }()
	var c crew
	work := make(chan func())
	c.Go(func() {
		for do := range work {
			c.safely(do)
		}
	})
	work <- func() { panic(value) }
	work <- func() { done++ }
	close(work)
	c.Wait()
	return done, nil
}
