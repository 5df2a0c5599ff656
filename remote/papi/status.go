package papi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"dataprotection_exporter/remote"
)

// StatusError is an answer other than 200.
type StatusError struct {
	Status int
	// Code and Message are what the cluster says in its errors, bounded.
	Code, Message string
}

// Error is the status and the cluster's words.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("HTTP status %d", e.Status)
	if words := strings.TrimSpace(e.Code + " " + e.Message); words != "" {
		text += ": " + words
	}
	return text
}

// StatusOf is the HTTP status an error stands for, 0 when there was none.
func StatusOf(err error) int {
	var e *StatusError
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// ReasonOfStatus is what a status other than 200 means to a client that is
// logged in.
func ReasonOfStatus(status int) remote.Reason {
	switch status {
	case http.StatusUnauthorized:
		return remote.Auth
	case http.StatusForbidden:
		return remote.Permission
	case http.StatusNotFound:
		return remote.NotSupported
	case http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return remote.Timeout
	default:
		return remote.Other
	}
}

// refusedBy explains an answer other than 200.
func refusedBy(op, since string, a answer, clean func(string) string) *remote.Error {
	s := errorIn(a.body)
	s.Status, s.Code, s.Message = a.status, clean(s.Code), clean(s.Message)
	e := &remote.Error{Reason: ReasonOfStatus(s.Status), Op: op, Err: s}
	switch {
	case s.Status == http.StatusForbidden:
		e.Advice = "the account lacks a privilege: give its role the read privilege named here, see the documentation of this system"
	case s.Status == http.StatusNotFound && since != "":
		e.Advice = "this is there from " + since + " on"
	case s.Status == http.StatusNotFound:
		e.Advice = "this release of OneFS does not offer it"
	case s.Status >= 300 && s.Status < 400:
		e.Err = fmt.Errorf("HTTP status %d redirects to %s, which is not followed", s.Status, place(a.header))
		e.Advice = "write the address in the configuration that OneFS itself answers at"
	case s.Status == http.StatusTooManyRequests, s.Status >= 500:
		e.Advice = "the cluster is overloaded or its API is in trouble: look at the node and at isi_papi_d"
	default:
		e.Advice = "the cluster does not take the request: please report it with the release of OneFS"
	}
	return e
}

// place is the host of a redirect; the rest of the URL could hold anything.
func place(h http.Header) string {
	if u, err := url.Parse(h.Get("Location")); err == nil && u.Host != "" {
		return words(u.Host)
	}
	return "another page"
}

// errorIn reads {"errors":[{"code":..,"message":..}]}; other bodies say nothing.
func errorIn(body []byte) *StatusError {
	var said struct {
		Errors []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &said) != nil || len(said.Errors) == 0 {
		return &StatusError{}
	}
	return &StatusError{Code: said.Errors[0].Code, Message: said.Errors[0].Message}
}

// words bounds text of the cluster: one line, not too long.
func words(s string) string {
	const most = 300
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "�"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return s
}
