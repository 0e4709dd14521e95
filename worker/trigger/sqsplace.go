package trigger

import (
	"net/url"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// sqsHost is the name of SQS's regional endpoints (AWS general reference,
// "Amazon SQS endpoints and quotas").
var sqsHost = regexp.MustCompile(`^(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com(?:\.cn)?$`)

// AtQueue points a client at where a queue's URL says that it is: endpoint and
// region of the buckets may be others.
func AtQueue(o *sqs.Options, queue *url.URL) {
	o.BaseEndpoint = aws.String(queue.Scheme + "://" + queue.Host)
	if m := sqsHost.FindStringSubmatch(queue.Hostname()); m != nil {
		o.Region = m[1] + m[2]
	}
}
