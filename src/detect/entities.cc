#include "detect/entities.h"

#include <algorithm>
#include <array>

namespace narrowgate::detect {
namespace {

constexpr Entity all[] = {
    // ---- secrets
    {"aws_access_key", R"(\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b)", any, "AWS access key ids"},
    {"github_token", R"(\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}))", any, "GitHub tokens"},
    {"gitlab_token", R"(\bglpat-[A-Za-z0-9_\-]{20,})", any, "GitLab access tokens"},
    {"google_api_key", R"(\bAIza[A-Za-z0-9_\-]{35})", any, "Google API keys"},
    {"jwt", R"(\beyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*)", any, "JSON Web Tokens"},
    {"private_key", R"(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\s:,\-]*)", any, "private keys in PEM"},
    {"slack_token", R"(\bxox[abeoprs]-[A-Za-z0-9\-]{10,})", any, "Slack tokens"},
    {"stripe_key", R"(\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,})", any, "Stripe secret keys"},
    {"url_password", R"(\b[a-z][a-z0-9+.\-]{1,20}://[^\s:/@]{0,64}:[^\s/@]{1,64}@)", any, "passwords in URLs"},
    // ---- people, anywhere
    {"credit_card", R"(\b\d(?:[ \-]?\d){11,18}\b)", is_card, "payment card numbers (Luhn)"},
    {"email", R"([A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)", any, "e-mail addresses"},
    {"iban", R"(\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b)", is_iban, "bank accounts (IBAN, ISO 7064)"},
    {"ip_address", R"(\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b)", is_ipv4, "IPv4 addresses"},
    {"ipv6_address", R"([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})", is_ipv6, "IPv6 addresses"},
    {"mac_address", R"(\b[0-9A-Fa-f]{2}(?:[:\-][0-9A-Fa-f]{2}){5}\b)", any, "hardware addresses"},
    {"phone", R"(\+\d(?:[ .()/\-]{0,2}\d){6,14}\b)", any, "international telephone numbers (+…)"},
    {"bitcoin_address", R"(\b[13][1-9A-HJ-NP-Za-km-z]{25,34}\b)", is_base58_check, "Bitcoin addresses (Base58Check)"},
    {"ethereum_address", R"(\b0x[0-9A-Fa-f]{40}\b)", any, "Ethereum addresses"},
    // ---- people and companies, by country
    {"ar_cuit", R"(\b\d{2}-?\d{8}-?\d\b)", is_ar_cuit, "Argentina: CUIT, CUIL"},
    {"au_abn", R"(\b\d{2} ?\d{3} ?\d{3} ?\d{3}\b)", is_au_abn, "Australia: business numbers"},
    {"au_medicare", R"(\b[2-6]\d{3} ?\d{5} ?\d\b)", is_au_medicare, "Australia: Medicare numbers"},
    {"au_tfn", R"(\b\d{3} ?\d{3} ?\d{3}\b)", is_au_tfn, "Australia: tax file numbers"},
    {"be_nn", R"(\b\d{2}\.?\d{2}\.?\d{2}-?\d{3}\.?\d{2}\b)", is_be_nn, "Belgium: national register numbers"},
    {"bg_egn", R"(\b\d{10}\b)", is_bg_egn, "Bulgaria: EGN"},
    {"br_cnpj", R"(\b\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}\b)", is_br_cnpj, "Brazil: CNPJ"},
    {"br_cpf", R"(\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b)", is_br_cpf, "Brazil: CPF"},
    {"ca_sin", R"(\b\d{3}[ \-]?\d{3}[ \-]?\d{3}\b)", is_ca_sin, "Canada: social insurance numbers"},
    {"ch_ahv", R"(\b756\.?\d{4}\.?\d{4}\.?\d{2}\b)", is_ch_ahv, "Switzerland: AHV/AVS numbers"},
    {"cl_rut", R"(\b\d{1,2}\.?\d{3}\.?\d{3}-[0-9Kk]\b)", is_cl_rut, "Chile: RUT"},
    {"cn_id", R"(\b\d{17}[0-9Xx]\b)", is_cn_id, "China: resident identity numbers"},
    {"cz_rc", R"(\b\d{6}/?\d{4}\b)", is_cz_rc, "Czechia and Slovakia: birth numbers"},
    {"de_tax_id", R"(\b\d{2} ?\d{3} ?\d{3} ?\d{3}\b)", is_de_tax_id, "Germany: tax identification numbers"},
    {"es_nif", R"(\b[0-9XYZxyz]\d{7}-?[A-Za-z]\b)", is_es_nif, "Spain: NIF and NIE"},
    {"fi_hetu", R"(\b\d{6}[+\-A-FU-Y]\d{3}[0-9A-Y]\b)", is_fi_hetu, "Finland: personal identity codes"},
    {"fr_nir", R"(\b[1-4] ?\d{2} ?\d{2} ?\d[0-9AB] ?\d{3} ?\d{3} ?\d{2}\b)", is_fr_nir, "France: social security numbers"},
    {"gb_nhs", R"(\b\d{3}[ \-]?\d{3}[ \-]?\d{4}\b)", is_gb_nhs, "United Kingdom: NHS numbers"},
    {"gb_nino", R"(\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b)", any,
     "United Kingdom: national insurance numbers"},
    {"il_id", R"(\b\d{9}\b)", is_il_id, "Israel: identity numbers"},
    {"in_aadhaar", R"(\b[2-9]\d{3} ?\d{4} ?\d{4}\b)", is_in_aadhaar, "India: Aadhaar (Verhoeff)"},
    {"in_pan", R"(\b[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]\b)", any, "India: permanent account numbers"},
    {"it_cf", R"(\b[A-Za-z]{6}[0-9LMNP-Vl-v]{2}[A-Za-z][0-9LMNP-Vl-v]{2}[A-Za-z][0-9LMNP-Vl-v]{3}[A-Za-z]\b)", is_it_cf,
     "Italy: tax codes"},
    {"jp_my_number", R"(\b\d{4}[ \-]?\d{4}[ \-]?\d{4}\b)", is_jp_my_number, "Japan: My Number"},
    {"kr_rrn", R"(\b\d{6}-?[1-8]\d{6}\b)", is_kr_rrn, "Korea: resident registration numbers"},
    {"nl_bsn", R"(\b\d{9}\b)", is_nl_bsn, "Netherlands: BSN"},
    {"no_fnr", R"(\b\d{6} ?\d{5}\b)", is_no_fnr, "Norway: birth numbers"},
    {"pl_pesel", R"(\b\d{11}\b)", is_pl_pesel, "Poland: PESEL"},
    {"pt_nif", R"(\b\d{9}\b)", is_pt_nif, "Portugal: NIF"},
    {"ro_cnp", R"(\b[1-9]\d{12}\b)", is_ro_cnp, "Romania: CNP"},
    {"se_pnr", R"(\b(?:\d{2})?\d{6}[+\-]?\d{4}\b)", is_se_pnr, "Sweden: personal identity numbers"},
    {"sg_nric", R"(\b[STFG]\d{7}[A-Z]\b)", is_sg_nric, "Singapore: NRIC and FIN"},
    {"th_pin", R"(\b\d-?\d{4}-?\d{5}-?\d{2}-?\d\b)", is_th_pin, "Thailand: personal identity numbers"},
    {"tr_tckn", R"(\b[1-9]\d{10}\b)", is_tr_tckn, "Türkiye: identity numbers"},
    {"us_itin", R"(\b9\d{2}[ \-]?\d{2}[ \-]?\d{4}\b)", is_us_itin, "United States: taxpayer numbers (ITIN)"},
    {"us_npi", R"(\b[12]\d{9}\b)", is_us_npi, "United States: health care providers (NPI)"},
    {"us_routing", R"(\b\d{9}\b)", is_us_routing, "United States: bank routing numbers"},
    {"us_ssn", R"(\b\d{3}[ \-]\d{2}[ \-]\d{4}\b)", is_us_ssn, "United States: social security numbers, with separators"},
    {"za_id", R"(\b\d{13}\b)", is_za_id, "South Africa: identity numbers"},
};

}  // namespace

std::span<const Entity> entities() { return all; }

const Entity* find_entity(std::string_view name) {
  const auto found = std::find_if(std::begin(all), std::end(all), [&](const Entity& one) { return one.name == name; });
  return found == std::end(all) ? nullptr : found;
}

}  // namespace narrowgate::detect
