package worker

import (
	"encoding/binary"
	"testing"
	"time"
)

// TestMeterForgetsWhatOthersSealed: results that this worker noticed and another
// one sealed pile up over months. They must not keep its own from being
// measured, nor grow without bound.
func TestMeterForgetsWhatOthersSealed(t *testing.T) {
	m := &meter{landed: map[ID]time.Time{}}
	var id ID
	for i := range uint32(2 * maxLanded) {
		binary.BigEndian.PutUint32(id[:], i)
		m.noticed(id, time.Unix(int64(i)+1, 0))
		if _, known := m.landed[id]; !known || len(m.landed) > maxLanded {
			t.Fatalf("result %d: known %t, %d remembered", i, known, len(m.landed))
		}
	}
}
