package trigger

import "encoding/json"

// bridgeDetail is the detail of an S3 event in EventBridge's shape. The key is
// raw there (AWS S3 user guide, "EventBridge event message structure").
type bridgeDetail struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key       string `json:"key"`
		Size      int64  `json:"size"`
		ETag      string `json:"etag"`
		Version   string `json:"version-id"`
		Sequencer string `json:"sequencer"`
	} `json:"object"`
}

func (o Options) decodeEventBridge(f fields) ([]Event, error) {
	var d bridgeDetail
	if json.Unmarshal(f["detail"], &d) != nil {
		return nil, refuse(ReasonField)
	}
	kind := bridgeKind(f.text("detail-type"))
	e, ok, err := o.event(kind, object{
		bucket: d.Bucket.Name, key: d.Object.Key, version: d.Object.Version,
		etag: d.Object.ETag, sequencer: d.Object.Sequencer, size: d.Object.Size,
	})
	if err != nil || !ok || kind == "" {
		return nil, err
	}
	return []Event{e}, nil
}

// bridgeKind gives "" for an event that changes no object's content.
func bridgeKind(detailType string) Kind {
	switch detailType {
	case "Object Created", "Object Restore Completed": // which can be read from now on
		return Created
	case "Object Deleted":
		return Removed
	}
	return ""
}

// clocks are the sources of what EventBridge sends at a time (AWS EventBridge
// user guide, "rules that run on a schedule"; AWS EventBridge Scheduler user
// guide, "templated targets").
var clocks = []string{"aws.events", "aws.scheduler"}

func decodeSchedule(f fields) ([]Event, error) {
	if f.text("detail-type") != "Scheduled Event" {
		return nil, refuse(ReasonShape)
	}
	return []Event{{Kind: Tick}}, nil
}
