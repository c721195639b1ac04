// Puts questions to the published Go program, and prints what it says to each: nothing, or what is wrong.
package main

import (
	"encoding/json"
	"os"
	"time"
)

type question struct {
	File      string    `json:"file"`
	Keys      string    `json:"keys"`
	LicenseID string    `json:"license_id"`
	Now       time.Time `json:"now"`
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		panic(err)
	}
	answers := make([]string, len(questions))
	for i, asked := range questions {
		if _, err := VerifyLicense([]byte(asked.File), []byte(asked.Keys), asked.LicenseID, asked.Now); err != nil {
			answers[i] = err.Error()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
