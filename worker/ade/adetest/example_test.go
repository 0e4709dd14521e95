package adetest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// A document goes to the stand-in, and its fields come back.
func ExampleStart() {
	server, err := adetest.Start(adetest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("schema", `{"type":"object","properties":{"total":{"type":"number"}}}`)
	part, _ := form.CreateFormFile("markdown", "receipt.md")
	part.Write([]byte("# Receipt\n\n**Total:** $12.50\n"))
	form.Close()

	req, _ := http.NewRequest(http.MethodPost, server.URL+"/v1/ade/extract", &body)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer any-key")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()

	var result struct{ Extraction json.RawMessage }
	json.NewDecoder(resp.Body).Decode(&result)
	fmt.Println(resp.Status, string(result.Extraction))
	fmt.Println("billed:", server.Billed().Credits, "credits")
	// Output:
	// 200 OK {"total":12.5}
	// billed: 0.1 credits
}
