package presigntest

import "github.com/zdrworker/zdrworker/presign"

// identities tries each of the two at what is not its work, with signatures
// that are right in themselves.
func identities() []trial {
	return []trial{
		{"reader-puts-outbox", "the reader's PUT of an outbox key is refused", func(b *bench) error {
			key := b.outboxKey()
			return b.deny(key, b.signPut(b.signer(0, readerWrites), key))
		}},
		{"reader-puts-staging", "the reader's PUT of a staging key is refused", func(b *bench) error {
			key := b.stagingKey()
			return b.deny(key, b.signPut(b.signer(0, readerWrites, swapPrefixes), key))
		}},
		{"reader-gets-outbox", "the reader's GET of an outbox key is refused", func(b *bench) error {
			key := b.outboxKey()
			content := b.write(key)
			return b.get(b.signGet(b.signer(0, swapPrefixes), key)).refused(content)
		}},
		{"writer-puts-staging", "the writer's PUT of a staging key is refused", func(b *bench) error {
			key := b.stagingKey()
			return b.deny(key, b.signPut(b.signer(0, swapPrefixes), key))
		}},
		{"writer-gets-staging", "the writer's GET of a staging key is refused", func(b *bench) error {
			key := b.stagingKey()
			content := b.write(key)
			return b.get(b.signGet(b.signer(0, writerReads), key)).refused(content)
		}},
		{"writer-gets-outbox", "the writer's GET of an outbox key is refused", func(b *bench) error {
			key := b.outboxKey()
			content := b.write(key)
			return b.get(b.signGet(b.signer(0, writerReads, swapPrefixes), key)).refused(content)
		}},
	}
}

// deny PUTs over an object, which must be refused and leave it alone.
func (b *bench) deny(key, rawURL string) error {
	content := b.write(key)
	if err := b.put(rawURL, intruderBody).refused(content); err != nil {
		return err
	}
	if got, _, ok := b.read(key); !ok || got != content {
		return errChanged
	}
	return nil
}

func readerWrites(c *presign.Config) { c.Writer = c.Reader }
func writerReads(c *presign.Config)  { c.Reader = c.Writer }

func swapPrefixes(c *presign.Config) {
	reader := orElse(c.ReaderPrefix, presign.DefaultReaderPrefix)
	c.ReaderPrefix = orElse(c.WriterPrefix, presign.DefaultWriterPrefix)
	c.WriterPrefix = reader
}
