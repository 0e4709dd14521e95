package worker

// What a job asks of the buckets, from its document's event to its end, where
// nothing goes wrong and a worker that serves has a hand free for it. Each line
// is one request and what it buys.
//
//	GET   document          its version, and its first bytes: what is no text is not paid for
//	PUT   marker            the open job can be found (I6)
//	COPY  to staging        the exact version, with nothing that describes it
//	PUT   record            claim and intent: from here on the event may be forgotten, and the POST may go (I1)
//	      POST to the provider
//	PUT   record            the provider's job id: without it this would have to be fenced
//	GET   outbox            the result; a HEAD before it would say nothing that its header does not
//	      GET of the provider's receipt: credits, model, warnings
//	HEAD  document          a newer version: then this result goes to history
//	PUT   result            if nothing stands there; else once more, after a look at what does
//	PUT   record            landed and sealed: what was staged may go (I4)
//	GET   record            hours later, when its slip is due
//	PUT   record            removed and closed: names and secrets are dropped
//
// Six PUTs, a COPY, three GETs and a HEAD: eleven. Many jobs share the rest, a
// fraction of a request each: the removal of what was staged and of markers
// (250 jobs a request), the slip (one PUT and one GET for as many), the listings
// of the exchange bucket that prove that nothing is left, the listings of the
// outbox while no events come, and of the failures, and the control objects that
// are read every few seconds.
//
// Beyond that a job costs, where it happens:
//
//	GET record              its document may be known: the last documents were not all new
//	HEAD failure            a worker with little to do, or a job that took two seconds
//	GET record              its result was not brought home by who submitted it, or among a thousand others
//	PUT record, GET record  it had to wait for its turn: claimed first, begun later
//	PUT record              it has several attempts: the landing that counts is fixed before it is published (I5)
//	HEAD and PUT result     another version's result stands at its key
//	LIST versions           for each removed key, where a bucket has versions
//
// integration/bench counts them.
