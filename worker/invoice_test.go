package worker_test

// invoiceSchema asks for two fields of an invoice.
const invoiceSchema = `{"type":"object","properties":{
	"number":{"type":"string","description":"Invoice number"},
	"total":{"type":"number","description":"Total amount due"}}}`
