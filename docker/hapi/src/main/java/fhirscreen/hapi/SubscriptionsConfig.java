package fhirscreen.hapi;

import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.match.deliver.email.IEmailSender;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.jpa.topic.SubscriptionTopicConfig;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** R4 Subscriptions by rest-hook; part of the server only with hapi.subscriptions=true, for each write pays for it. */
@Configuration
@Import({SubscriptionSubmitterConfig.class, SubscriptionProcessorConfig.class, SubscriptionTopicConfig.class})
public class SubscriptionsConfig {

    /** HAPI's wiring asks for one; the channel type is not among those that are supported. */
    @Bean
    public IEmailSender emailSender() {
        return new IEmailSender() {
            @Override
            public void send(ca.uhn.fhir.jpa.subscription.match.deliver.email.EmailDetails details) {
                throw new UnsupportedOperationException("no e-mail from a test server");
            }
        };
    }
}
