// A viewer that encrypts: libvncclient with GnuTLS, which shares no line with the server's side; and
// certificates for both. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include <rfb/rfbclient.h>

namespace ntferry::test {

/// The viewer's library forgets its certificates and its frame buffer; the server's side, with OpenSSL, is
/// not meant: for NTFERRY_KNOWN_LEAKS().
inline constexpr const char* VIEWER_LEAKS = "leak:libvncclient.so\nleak:libgnutls.so\nleak:libtasn1.so";

/// An authority, and certificates signed by it for the server and a viewer.
struct Certificates {
    Certificates() {
        const auto made = run_shell(fmt::format(
            "cd {} && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out authority.pem -days "
            "2 "
            "-subj /CN=test && for who in server client; do openssl req -newkey rsa:2048 -nodes -keyout "
            "$who-key.pem -out $who.csr -subj /CN=127.0.0.1 && echo subjectAltName=IP:127.0.0.1 >ext && "
            "openssl x509 -req -in $who.csr -CA authority.pem -CAkey ca-key.pem -CAcreateserial -days 2 "
            "-extfile ext -out $who-cert.pem || exit 1; done",
            folder.path().string()));
        INFO(made.err);
        REQUIRE(made.exit_code == 0);
    }
    void ask_viewers() const { std::filesystem::copy_file(folder / "authority.pem", folder / "ca-cert.pem"); }
    std::string path() const { return folder.path().string(); }
    TempDir folder;
};

/// What the call-backs of libvncclient, which get nothing else, find at the client.
struct Viewer {
    std::string authority;
    std::string certificate;
    std::string key;
    std::string password;
    int tag = 0;
};

inline char* copy_of(const std::string& text) {
    return text.empty() ? nullptr : ::strdup(text.c_str());
}

/// Returns whether the viewer gets in.
inline bool gets_in(const Viewer& viewer, std::uint16_t port) {
    rfbEnableClientLogging = FALSE;
    rfbClient* client = rfbGetClient(8, 3, 4);
    static int tag = 0;
    rfbClientSetClientData(client, &tag, const_cast<Viewer*>(&viewer));
    client->GetPassword = [](rfbClient* asking) {
        return ::strdup(static_cast<Viewer*>(rfbClientGetClientData(asking, &tag))->password.c_str());
    };
    client->GetCredential = [](rfbClient* asking, int kind) -> rfbCredential* {
        if (kind != rfbCredentialTypeX509)
            return nullptr;
        const auto* own = static_cast<Viewer*>(rfbClientGetClientData(asking, &tag));
        auto* credential = static_cast<rfbCredential*>(std::calloc(1, sizeof(rfbCredential)));
        credential->x509Credential.x509CACertFile = copy_of(own->authority);
        credential->x509Credential.x509ClientCertFile = copy_of(own->certificate);
        credential->x509Credential.x509ClientKeyFile = copy_of(own->key);
        return credential;
    };
    client->canHandleNewFBSize = FALSE;
    client->connectTimeout = 10;
    client->serverHost = ::strdup("127.0.0.1");
    client->serverPort = port;
    if (rfbInitClient(client, nullptr, nullptr) == FALSE)
        return false; // which frees it
    const bool encrypted = client->tlsSession != nullptr;
    const bool sized = client->width >= 640;
    rfbClientCleanup(client);
    return encrypted && sized;
}

} // namespace ntferry::test
