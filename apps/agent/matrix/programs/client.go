// Go's net/http. Standard input: a plan of requests; standard output: what was received of each.
package main

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"time"
)

type request struct {
	Method  string
	Path    string
	Upload  int64
	Chunked bool
	Expect  bool
}

type answer struct {
	Path     string `json:"path"`
	Status   *int   `json:"status"`
	Received int64  `json:"received"`
	Cut      bool   `json:"cut,omitempty"`
}

type zeros struct{}

func (zeros) Read(into []byte) (int, error) {
	return len(into), nil
}

var client = &http.Client{Transport: &http.Transport{
	TLSClientConfig:       &tls.Config{InsecureSkipVerify: true},
	DisableCompression:    true,
	ExpectContinueTimeout: time.Minute,
}}

func call(base string, request request) (result answer) {
	result.Path = request.Path
	var body io.Reader
	if request.Upload > 0 {
		body = io.LimitReader(zeros{}, request.Upload)
	}
	outgoing, err := http.NewRequest(request.Method, base+request.Path, body)
	if err != nil {
		panic(err)
	}
	if !request.Chunked {
		outgoing.ContentLength = request.Upload
	}
	if request.Expect {
		outgoing.Header.Set("Expect", "100-continue")
	}
	response, err := client.Do(outgoing)
	if err != nil {
		result.Cut = true
		return
	}
	result.Status = &response.StatusCode
	result.Received, err = io.Copy(io.Discard, response.Body)
	result.Cut = err != nil
	response.Body.Close()
	return
}

func main() {
	var plan struct {
		Base     string
		Requests []request
	}
	if err := json.NewDecoder(os.Stdin).Decode(&plan); err != nil {
		panic(err)
	}
	answers := []answer{}
	for _, each := range plan.Requests {
		answers = append(answers, call(plan.Base, each))
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
