// Package trigger is where nudges come from. A nudge says "look at this
// object" or "look at this job"; what is true is in the buckets, so messages
// may be lost, doubled, reordered or forged, and the outcome is the same.
//
// [Decode] reads every shape of message that a bucket's event can arrive in,
// and tells them apart by looking:
//
//	shape         from                                     key is
//	s3            S3 to SQS, SNS (raw delivery) or Lambda  query-escaped, + for space
//	eventbridge   EventBridge                              as it is
//	sns           SNS around either of these               as within
//	schedule      EventBridge, or its Scheduler              none: a time has come
//	minio         MinIO to NATS or a webhook               query-escaped, and raw at the top
//	s3_test       S3, once, when events are set up         none: nothing happens
//	nudge         this program itself                      none: a token
//
// An event for a bucket that [Options] does not name is refused, whoever sent
// it. An error says shape and reason, and never quotes the message.
//
// A transport brings messages to a [Handler]: [SQS], [NATS] and [Webhook] wait
// for events; [Scan] lists a prefix; [Schedule] calls a function; [Lambda] takes
// what a function of AWS was called with. Each but the last has a Run that blocks until its context ends and its goroutines are gone. A message
// is acknowledged as soon as the handler returns nil, which means that the job
// is durable; none is held while the provider works.
//
//	the handler returns      SQS                       NATS JetStream         webhook
//	nil                      deleted                   acknowledged           204
//	[ErrPoison]              left to the redrive       terminated             400
//	                         policy, or sent to
//	                         SQSOptions.DeadLetter
//	any other error          visible again later       delivered again later  503
//
// When the context ends, a transport takes no more messages, lets the handlers
// at work go on for Options.Grace, acknowledges what they finished and gives
// back the rest.
package trigger
